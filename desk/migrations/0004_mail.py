import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0006_ties_in_lists'),
        ('intake_desk', '0003_scripts'),
        ('intake_forms', '0023_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('address', models.EmailField(help_text='Families write to it, and answers in their thread come from it.', max_length=254, unique=True, verbose_name='address')),
                ('host', models.CharField(max_length=200, verbose_name='IMAP server')),
                ('port', models.PositiveIntegerField(default=993, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(65535)], verbose_name='port')),
                ('security', models.CharField(choices=[('tls', 'TLS (port 993)'), ('starttls', 'STARTTLS (port 143)')], default='tls', max_length=8, verbose_name='protection')),
                ('user', models.CharField(max_length=200, verbose_name='user')),
                ('sealed_password', models.BinaryField()),
                ('wrapped', models.BinaryField()),
                ('wrapped_by', models.CharField(db_index=True, editable=False, max_length=16)),
                ('folder', models.CharField(default='INBOX', max_length=100, verbose_name='folder that is read')),
                ('done_folder', models.CharField(default='Обработано', max_length=100, verbose_name='folder for letters that were taken in')),
                ('since', models.DateField(default=django.utils.timezone.localdate, help_text='Older ones are left alone.', verbose_name='letters from this day on')),
                ('active', models.BooleanField(default=True, verbose_name='is read')),
                ('read_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last read')),
                ('failing_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('trouble', models.CharField(blank=True, choices=[('no_answer', 'the server does not answer: check the host and the port'), ('not_safe', 'the connection is not safe: the certificate of the server is wrong'), ('login', 'the server does not take the user or the password'), ('folder', 'there is no such folder'), ('no_moving', 'letters are taken in, but cannot be moved or marked there'), ('cut_off', 'the server broke off in the middle'), ('no_form', 'the form has no questions for a letter'), ('no_key', 'the password does not open: give it again'), ('no_room', 'the portal cannot keep files: see its disk'), ('sender', 'letters may not be sent from this address')], editable=False, max_length=10)),
                ('reading', models.BigIntegerField(default=0, editable=False)),
                ('readings', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('centre', models.ForeignKey(blank=True, help_text='Empty: the routing rules choose the centre.', limit_choices_to={'is_centre': True}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mailboxes', to='catalogue.provider', verbose_name='centre')),
                ('form', models.ForeignKey(help_text='What a letter is taken in as: topic, term and how long it is kept. Forms that have a long text with the key “letter”.', on_delete=django.db.models.deletion.PROTECT, related_name='mailboxes', to='intake_forms.formdefinition', verbose_name='form')),
            ],
            options={
                'verbose_name': 'mailbox',
                'verbose_name_plural': 'mailboxes',
                'ordering': ['address'],
            },
        ),
        migrations.CreateModel(
            name='ReceivedMail',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('uid_validity', models.BigIntegerField()),
                ('uid', models.BigIntegerField(verbose_name='number in the folder')),
                ('size', models.BigIntegerField(default=0, verbose_name='bytes')),
                ('came_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='came')),
                ('read_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='read')),
                ('fate', models.CharField(choices=[('case', 'became a case'), ('added', 'was added to a case'), ('bounce', 'said that a letter of ours has not arrived'), ('automatic', 'was written by a program'), ('unsorted', 'could not be taken in'), ('again', 'is taken in once more'), ('settled', 'was looked at: no case')], max_length=10, verbose_name='what became of it')),
                ('reason', models.CharField(blank=True, choices=[('no_sender', 'it has no address of a sender'), ('empty', 'nothing is written in it that can be read'), ('too_large', 'it is too large'), ('too_many', 'very many letters come from this address'), ('generated', 'another system has sent it: perhaps an application is in it'), ('error', 'it is put together in a way that the portal does not understand'), ('deadly', 'reading it stops the portal'), ('reply', 'automatic answer'), ('list', 'mailing'), ('own', 'a letter of the portal itself'), ('bounced', 'a mail server tells of a letter that is not ours'), ('delayed', 'a letter of ours is on its way for long')], max_length=10, verbose_name='why')),
                ('forced', models.BooleanField(default=False)),
                ('mark', models.CharField(blank=True, max_length=64)),
                ('head', models.BinaryField(blank=True, null=True)),
                ('about', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='letters_about', to='intake_forms.intakecase', verbose_name='seems to be about')),
                ('case', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='intake_forms.intakecase', verbose_name='case')),
                ('mailbox', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='intake_desk.mailbox', verbose_name='mailbox')),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who looked at it')),
            ],
            options={
                'verbose_name': 'letter that came',
                'verbose_name_plural': 'letters that came',
                'ordering': ['-came_at'],
                'permissions': [('sort_mail', 'Can sort letters that became no case')],
                'indexes': [models.Index(fields=['mailbox', 'uid_validity', 'uid'], name='mail_in_folder'), models.Index(condition=models.Q(('mark', ''), _negated=True), fields=['mark'], name='mail_by_mark'), models.Index(fields=['fate', '-came_at'], name='mail_by_fate')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', False), ('fate__in', ('case', 'added'))), models.Q(models.Q(('fate__in', ('case', 'added')), _negated=True), ('case__isnull', True)), _connector='OR'), name='mail_with_its_case'), models.CheckConstraint(condition=models.Q(models.Q(('fate__in', ('unsorted', 'automatic')), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='mail_unsorted_with_reason')],
            },
        ),
    ]
