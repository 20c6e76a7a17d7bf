"""A kind of appointments may be for requests on some topics only."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake_desk', '0016_kept_tables'),
        ('intake_forms', '0037_with_time'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointmentkind',
            name='topics',
            field=models.ManyToManyField(blank=True, help_text='Families are offered it on these topics. With none marked: on all of them.', related_name='+', to='intake_forms.topic', verbose_name='for requests about'),
        ),
    ]
